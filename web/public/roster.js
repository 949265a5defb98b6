/**
 * @typedef {{id: string, name: string, network: string}} Member
 * @typedef {{type: "joined" | "left", member: Member} | {type: "renamed", member: Member, formerName: string} | {type: "snapshot"}} Change
 */

/** Who is in the room, from the snapshot and the changes that the server sends. */
export class Roster {
  /** @type {Map<string, Member>} */
  #members = new Map();

  clear() {
    this.#members.clear();
  }

  /** @returns {Member[]} by name */
  members() {
    return [...this.#members.values()].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  }

  /**
   * @param {unknown} data of a message on the presence channel
   * @returns {Change | null} what it changed, if anything
   */
  apply(data) {
    if (!isRecord(data)) return null;
    if (Array.isArray(data.members)) {
      this.#members = new Map(data.members.filter(isMember).map((member) => [member.id, member]));
      return { type: "snapshot" };
    }
    if (isMember(data.joined)) return this.#join(data.joined);
    if (isMember(data.left)) return this.#leave(data.left);
    if (isMember(data.renamed)) return this.#rename(data.renamed);
    return null;
  }

  /**
   * @param {Member} member
   * @returns {Change | null}
   */
  #join(member) {
    const isKnown = this.#members.has(member.id);
    this.#members.set(member.id, member);
    return isKnown ? null : { type: "joined", member };
  }

  /**
   * @param {Member} member
   * @returns {Change | null}
   */
  #leave(member) {
    return this.#members.delete(member.id) ? { type: "left", member } : null;
  }

  /**
   * @param {Member & {formerId?: unknown, formerName?: unknown}} renamed
   * @returns {Change}
   */
  #rename(renamed) {
    const { id, name, network, formerId, formerName } = renamed;
    const member = { id, name, network };
    if (typeof formerId === "string") this.#members.delete(formerId);
    this.#members.set(id, member);
    return { type: "renamed", member, formerName: typeof formerName === "string" ? formerName : "Somebody" };
  }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isRecord(value) {
  return typeof value === "object" && value !== null;
}

/**
 * @param {unknown} value
 * @returns {value is Member}
 */
function isMember(value) {
  return isRecord(value) && ["id", "name", "network"].every((key) => typeof value[key] === "string");
}
