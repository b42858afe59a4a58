import express from "express";

/** Rival (a): Express echoing JSON. What a request costs before anything is done for it. */
const app = express();
app.use(express.json());
app.post("/reservations", (request, response) => {
  response.status(201).json(request.body);
});
app.listen(Number(process.env.PORT), () => console.log("listening"));
