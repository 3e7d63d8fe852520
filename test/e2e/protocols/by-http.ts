/** Each of these ways to ask, over each version of HTTP that it goes over: gRPC needs HTTP/2. */
export function byHttp<Name extends string>(posts: Readonly<Record<Name, unknown>>) {
  return (["HTTP/1.1", "HTTP/2"] as const).flatMap((http) =>
    (Object.keys(posts) as Name[])
      .filter((protocol) => http === "HTTP/2" || !/^gRPC(?!-)/.test(protocol))
      .map((protocol) => [protocol, http] as const),
  );
}
