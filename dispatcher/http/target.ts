/** @returns the path of a request's address */
export function pathOf({ url = "/" }: { readonly url?: string | undefined }): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** @returns what follows the `?`, as it came */
export function queryOf({ url = "/" }: { readonly url?: string | undefined }): string {
  const query = url.indexOf("?");
  return query < 0 ? "" : url.slice(query + 1);
}
