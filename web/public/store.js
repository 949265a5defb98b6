/** Remembers small things in this browser; where storage is denied it forgets, and the page works on. */
export const store = {
  /** @param {string} key */
  get(key) {
    try {
      return localStorage.getItem(`tailspin.${key}`) ?? "";
    } catch {
      return "";
    }
  },

  /**
   * @param {string} key
   * @param {string} value
   */
  set(key, value) {
    try {
      localStorage.setItem(`tailspin.${key}`, value);
    } catch (error) {
      console.info("not remembered", key, error);
    }
  },
};
