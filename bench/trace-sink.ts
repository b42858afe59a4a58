// Takes spans as a collector does, and throws them away: it shall cost as little as it can.
import { createServer } from "node:http";

let exports = 0;
let bytes = 0;
const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.end(JSON.stringify({ exports, bytes }));
    return;
  }
  exports += 1;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("end", () =>
    response.writeHead(200, { "content-type": "application/json" }).end("{}"),
  );
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write("up\n"));
