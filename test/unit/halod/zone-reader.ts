/** One record of a zone file. */
export interface ZoneRecord {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly type: string;
  readonly data: readonly string[];
}

const LINE = /^((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+) (\d+) IN (SOA|NS|A|AAAA|CNAME) (\S.*)$/i;
const FIELDS: Readonly<Record<string, number>> = { SOA: 7, NS: 1, A: 1, AAAA: 1, CNAME: 1 };

/** Reads a zone file of whole names, one record a line. @throws Error that names the line which is none */
export function readZone(text: string): ZoneRecord[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => {
      const [, name = "", ttl = "", type = "", rest = ""] = LINE.exec(line) ?? [];
      const data = rest.split(" ");
      if (name === "" || data.length !== FIELDS[type] || name.length > 254) throw new Error(`not a record: ${line}`);
      return { name, ttlSeconds: Number(ttl), type, data };
    });
}
