/** The real daemon behind TLS and a password, scraped by a real Prometheus as its users configure it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { makeCertificate } from "../support/certificates.ts";
import { Workplace } from "../support/daemon-process.ts";
import { askUntil } from "../support/prefect-server.ts";
import { Prometheus } from "../support/prometheus.ts";

test("Prometheus scrapes over TLS with a password, as its own configuration file says it", async (ctx) => {
  await using place = await Workplace.make({});
  const { directory, webUrl } = place;
  makeCertificate(directory, "page");
  const webFile = join(directory, "web.yml");
  await writeFile(
    webFile,
    stringify({
      tls_server_config: { cert_file: "page.pem", key_file: "page.key" },
      basic_auth_users: { prometheus: hashSync("secret", 10) },
    }),
  );
  const target = webUrl.replace("http://", "");
  await place.configure({
    server: { enabled: false },
    services: [{ name: "sleeper", command: ["sleep", "100000"] }],
    web: { listen: target, config_file: webFile },
  });
  const daemon = place.start();
  await daemon.says(/sleeper/);
  const scrape = (password: string, job: string) => ({
    job_name: job,
    scheme: "https",
    tls_config: { ca_file: join(directory, "page.pem") },
    basic_auth: { username: "prometheus", password },
    static_configs: [{ targets: [target] }],
  });
  await using prometheus = await Prometheus.start(
    {
      global: { scrape_interval: "1s" },
      scrape_configs: [scrape("secret", "right"), scrape("Secret", "wrong")],
    },
    ctx,
  );
  const up = (job: string) =>
    askUntil(
      () => prometheus.query(`up{job="${job}"}`),
      (found) => found.length > 0,
    ).then(([sample]) => sample?.value[1]);
  expect([await up("right"), await up("wrong")]).toEqual(["1", "0"]);
  const units = await prometheus.query("sails_unit_up");
  expect(units.map(({ metric }) => metric["unit"])).toEqual(["service@sleeper"]);

  // Users are taken up with a reload, and a file that is wrong changes nothing.
  const before = parse(await readFile(webFile, "utf8")) as object;
  await writeFile(webFile, stringify({ ...before, basic_auth_user: {} }));
  const refused = await place.run("reload");
  expect(refused.status).toBe(1);
  expect(`${refused.stdout}${refused.stderr}`).toContain("did you mean basic_auth_users?");
  const changed = { ...before, basic_auth_users: { prometheus: hashSync("Secret", 10) } };
  await writeFile(webFile, stringify(changed));
  expect((await place.run("reload")).status).toBe(0);
  await askUntil(
    () => prometheus.query('up{job="wrong"}'),
    ([sample]) => sample?.value[1] === "1",
  );
  await askUntil(
    () => prometheus.query('up{job="right"}'),
    ([sample]) => sample?.value[1] === "0",
  );
});
