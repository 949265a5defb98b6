import { describe, expect, it } from "vitest";
import { answerChallenge, unsalted } from "../../../../bridges/xmpp/scram.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("answerChallenge", () => {
  it("salts the password as RFC 5802 does in its example", async () => {
    const salted = unsalted();
    const challenge = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
    await answerChallenge(base64(challenge), "pencil", salted);
    expect(Buffer.from(salted.salt).toString("base64")).toBe("QSXCR+Q6sek8bf92");
    // Computed with OpenSSL: kdf -keylen 20 -kdfopt digest:SHA1 … -kdfopt iter:4096 PBKDF2
    expect(Buffer.from(salted.saltedPassword).toString("hex")).toBe("1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d");
  });

  it.each(["", "r=abc,s=,i=4096", "r=abc,s=QSXCR+Q6sek8bf92", "r=abc,s=QSXCR+Q6sek8bf92,i=0", "m=unknown", "\0"])(
    "leaves %j to the library",
    async (challenge) => {
      const salted = unsalted();
      await answerChallenge(base64(challenge), "pencil", salted);
      expect(salted).toEqual(unsalted());
    },
  );

  it("does not compute for ever", async () => {
    const challenge = base64("r=abc,s=QSXCR+Q6sek8bf92,i=1000001");
    await expect(answerChallenge(challenge, "pencil", unsalted())).rejects.toThrow(/1000001 iterations/);
  });
});
