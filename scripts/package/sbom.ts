/** The bill of materials, by CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json */
import type { Shipped } from "./shipped.ts";

export interface Product {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Of the commit. */
  readonly date: Date;
}

export function billOfMaterials(product: Product, shipped: readonly Shipped[]): string {
  const own = `pkg:generic/${product.name}@${product.version}`;
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: product.date.toISOString(),
      component: {
        type: "application",
        "bom-ref": own,
        name: product.name,
        version: product.version,
        licenses: [{ license: { id: product.license } }],
        purl: own,
      },
    },
    components: shipped.map(componentOf),
    dependencies: [{ ref: own, dependsOn: shipped.map(packageUrl) }],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

const componentOf = (one: Shipped) => ({
  type: "library",
  "bom-ref": packageUrl(one),
  name: one.name,
  version: one.version,
  licenses: [{ license: { id: one.license } }],
  purl: packageUrl(one),
  hashes: [{ alg: "SHA-512", content: hexOf(one) }],
});

/** A scope's @ is escaped in it: https://github.com/package-url/purl-spec */
const packageUrl = ({ name, version }: Shipped): string =>
  `pkg:npm/${name.replace("@", "%40")}@${version}`;

function hexOf({ name, integrity }: Shipped): string {
  const base64 = /^sha512-(.+)$/.exec(integrity)?.[1];
  if (base64 === undefined) throw new Error(`${name} has no SHA-512 in package-lock.json`);
  return Buffer.from(base64, "base64").toString("hex");
}
