import type { Lesson } from "../../src/lab/lessons/lesson.ts";

/** What lies beside the page as data: lessons and programs, made at the build from their own files. */
export interface PageData {
  readonly lessons: readonly Lesson[];
  readonly programs: readonly { readonly title: string; readonly source: string }[];
}

/** @throws Error when the file is not beside the page */
export async function loadPageData(): Promise<PageData> {
  const response = await fetch("data.json");
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return (await response.json()) as PageData;
}
