import { keeperHeaders } from '../../src/shared/headers.ts';

/** Answers of a site's service worker that hold nothing of the site. */

/** The frame keeps what it shows, and no history entry is made. */
export function stayPut(): Response {
  return new Response(null, { status: 204 });
}

export function plainAnswer(status: number): Response {
  return new Response(null, { status });
}

export function pageRedirect(url: string): Response {
  return Response.redirect(url, 302);
}

/** For whoever comes here without the app. */
export function nowhere(appOrigin: string): Response {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Nothing is here</title>
<h1>Nothing is here</h1><p>Sites are shown in the app: <a href="${appOrigin}/">${appOrigin}/</a></p></html>`;
  return new Response(page, { status: 404, headers: { ...keeperHeaders(appOrigin), 'Content-Type': 'text/html; charset=utf-8' } });
}
