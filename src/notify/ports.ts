/** What telling somebody needs of the outside. `host/` implements it; tests script it. */
import type { NotifyTarget } from "../config/config.ts";
import type { Millis } from "../supervision/time.ts";
import type { Message } from "./event.ts";

/** One attempt. Never rejects, and never takes much longer than its time. */
export type Send = (target: NotifyTarget, message: Message, timeout: Millis) => Promise<Delivery>;

export type Delivery =
  | { readonly kind: "delivered" }
  | {
      readonly kind: "failed";
      /** Without the address of a webhook. */
      readonly why: string;
      /** Whether it may be different the next time. */
      readonly isFinal: boolean;
    };
