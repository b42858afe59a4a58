import express from "express";
import { Redis } from "ioredis";
import Redlock from "redlock";
import { book, openBooking } from "./booking.ts";

/** Rival (c): as (b), with the event locked by one Redlock a request. */
const pool = await openBooking(process.env.MYSQL_URL ?? "");
const redis = new Redis(process.env.REDIS_URL ?? "");
// The library's own retries count waiting as holding: a long TTL keeps that from mattering here.
const redlock = new Redlock([redis], { retryCount: -1, retryDelay: 10, retryJitter: 10 });
redlock.on("error", () => undefined);
const app = express();
app.use(express.json());
app.post("/reservations", async (request, response) => {
  const lock = await redlock.acquire([`rival:${request.body.eventId}`], 30_000);
  try {
    const isBooked = await book(pool, request.body);
    response.status(isBooked ? 201 : 409).json(request.body);
  } finally {
    await lock.release();
  }
});
app.listen(Number(process.env.PORT), () => console.log("listening"));
