import express from "express";
import { book, openBooking } from "./booking.ts";

/** Rival (b): one Express process, one transaction a request. */
const pool = await openBooking(process.env.MYSQL_URL ?? "");
const app = express();
app.use(express.json());
app.post("/reservations", async (request, response) => {
  const isBooked = await book(pool, request.body);
  response.status(isBooked ? 201 : 409).json(request.body);
});
app.listen(Number(process.env.PORT), () => console.log("listening"));
