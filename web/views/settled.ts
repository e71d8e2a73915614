import { useEffect, useRef, useState } from "preact/hooks";

/** A value that changes often, as seen at most so many times a second: for what is costly to make from it. */
export function useSettled<Value>(value: Value, everyMs: number): Value {
  const [settled, setSettled] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (latest.current === settled || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setSettled(latest.current);
    }, everyMs);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return settled;
}
