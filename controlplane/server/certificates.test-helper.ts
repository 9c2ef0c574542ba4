import { generate } from "selfsigned";

export interface Identity {
  readonly key: string;
  readonly certificate: string;
}

/** Who signs. */
export async function authority(): Promise<Identity> {
  const made = await generate([{ name: "commonName", value: "mesh" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key: made.private, certificate: made.cert };
}

/** Somebody with a name in the mesh, until then. */
export async function signed(by: Identity, spiffeId: string, notAfterDate?: Date): Promise<Identity> {
  const made = await generate([{ name: "commonName", value: "workload" }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { key: by.key, cert: by.certificate },
    ...(notAfterDate === undefined ? {} : { notBeforeDate: new Date(0), notAfterDate }),
    extensions: [
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 6, value: spiffeId },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { key: made.private, certificate: made.cert };
}
