// Starts a server of the AT Protocol and its directory of accounts on loopback.
// Usage: node pds_server.js PACKAGES PORT DIRECTORY_PORT FOLDER; ends with its standard input.
const [, , packages, port, directoryPort, folder] = process.argv;
const crypto = require("crypto");
const http = require("http");
const path = require("path");
const { createRequire } = require("module");

// Both servers would otherwise listen on all interfaces.
const listen = http.Server.prototype.listen;
http.Server.prototype.listen = function (address, ...rest) {
  const callback = rest.find((value) => typeof value === "function");
  const wanted = typeof address === "object" ? address.port : address;
  return listen.call(this, { port: wanted, host: "127.0.0.1" }, callback);
};

const load = createRequire(path.join(packages, "package.json"));
const { PlcServer, Database } = load("@did-plc/server");
const { PDS, envToCfg, envToSecrets } = load("@atproto/pds");
const hex = (count) => crypto.randomBytes(count).toString("hex");

async function main() {
  const directory = PlcServer.create({ db: Database.mock(), port: Number(directoryPort) });
  await directory.start();
  const settings = {
    hostname: "localhost",
    port: Number(port),
    devMode: true,
    dataDirectory: folder,
    blobstoreDiskLocation: path.join(folder, "blobs"),
    didPlcUrl: `http://127.0.0.1:${directoryPort}`,
    inviteRequired: false,
    jwtSecret: hex(16),
    dpopSecret: hex(32),
    adminPassword: hex(16),
    plcRotationKeyK256PrivateKeyHex: hex(32),
    logEnabled: false,
  };
  const pds = await PDS.create(envToCfg(settings), envToSecrets(settings));
  await pds.start();
  console.log("ready");
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
