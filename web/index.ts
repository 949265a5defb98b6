export { pages } from "./pages.ts";
export type { PagesOptions } from "./pages.ts";
