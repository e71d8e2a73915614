import { useEffect, useRef } from "preact/hooks";
import { createEditor, type PrismEditor } from "prism-code-editor";
import { defaultCommands, editHistory } from "prism-code-editor/commands";
import "prism-code-editor/languages/clike";
import "prism-code-editor/layout.css";
import "prism-code-editor/prism/languages/javascript";
import "./code-editor.css";

interface CodeEditorProps {
  readonly source: string;
  readonly label: string;
  /** The line that is being executed, from 1. */
  readonly line: number | undefined;
  readonly isReadOnly: boolean;
  readonly onChange: (source: string) => void;
}

/** JavaScript to write, with the line marked that is being executed. */
export function CodeEditor({ source, label, line, isReadOnly, onChange }: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<PrismEditor>(undefined);
  const changed = useRef(onChange);
  changed.current = onChange;

  useEffect(() => {
    const made = createEditor(
      box.current!,
      { language: "javascript", value: source, onUpdate: (value) => changed.current(value) },
      defaultCommands(),
      editHistory(),
    );
    editor.current = made;
    return () => made.remove();
  }, []);
  useEffect(() => {
    const { current } = editor;
    if (current !== undefined && current.value !== source) current.setOptions({ value: source });
  }, [source]);
  useEffect(() => {
    editor.current?.textarea.setAttribute("aria-label", label);
  }, [label]);
  useEffect(() => {
    editor.current?.setOptions({ readOnly: isReadOnly });
  }, [isReadOnly]);
  useEffect(() => {
    const { current } = editor;
    const element = line === undefined ? undefined : current?.lines[line];
    if (element === undefined) return;
    element.classList.add("executed-line");
    element.scrollIntoView({ block: "nearest" });
    return () => element.classList.remove("executed-line");
  }, [line]);
  return <div class="code-editor" ref={box} />;
}
