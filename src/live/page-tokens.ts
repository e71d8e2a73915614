import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What may be done by whom a token was given to. */
export type PageRole = "owner" | "reader";

/** 128 bits. */
const TOKEN_BYTES = 16;

/** The secrets in the addresses of one page: the owner's may change the host, the reader's only look. */
export class PageTokens {
  readonly owner: string;
  readonly reader: string;

  constructor(owner = newToken(), reader = newToken()) {
    this.owner = owner;
    this.reader = reader;
  }

  /** In the same time whatever is wrong with the token. @returns undefined for one that is neither */
  roleOf(token: string): PageRole | undefined {
    // Both are compared in any case.
    const isOwner = isSame(token, this.owner);
    const isReader = isSame(token, this.reader);
    return isOwner ? "owner" : isReader ? "reader" : undefined;
  }
}

const newToken = (): string => randomBytes(TOKEN_BYTES).toString("base64url");

/** Digests have one length, which tells nothing of the token's. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
