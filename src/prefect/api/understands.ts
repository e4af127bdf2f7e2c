/** Holds what is read of an answer against the document that Prefect publishes of its API. */
import type * as z from "zod";

/** That a field has a default there, means that it is in every answer. */
type Whole<T> = T extends readonly (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Whole<T[Key]> }
    : T;

/** A schema that would not take what may be answered does not compile. `Answer` is one of openapi.ts. */
export const understands =
  <Answer>() =>
  <Schema extends z.ZodType>(
    schema: Whole<Answer> extends z.input<Schema> ? Schema : never,
  ): Schema =>
    schema;
