import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { words } from "../words.ts";

/** The keys, in a dialog that the browser keeps the focus in. */
export function HelpDialog({ isOpen }: { readonly isOpen: Signal<boolean> }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = isOpen.value;
  useEffect(() => {
    if (shown && !dialog.current!.open) dialog.current!.showModal();
    if (!shown && dialog.current!.open) dialog.current!.close();
  }, [shown]);
  const { keys, page } = words.value;
  const rows: readonly (readonly [readonly string[], string])[] = [
    [["Space"], keys.play],
    [["←", "→"], keys.event],
    [["Shift ←", "Shift →"], keys.packet],
    [["Home", "End"], keys.ends],
    [["1", "…", "9", "0"], keys.views],
    [["+", "−", "f"], keys.zoom],
    [["?"], keys.help],
    [["Esc"], keys.escape],
  ];
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => (isOpen.value = false)}>
      <h2 id="help-title">{page.helpTitle}</h2>
      <table>
        <tbody>
          {rows.map(([names, what]) => (
            <tr key={what}>
              <td>
                {names.map((name) => (
                  <>
                    <kbd>{name}</kbd>{" "}
                  </>
                ))}
              </td>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <button type="button" class="primary" onClick={() => (isOpen.value = false)}>
        {page.close}
      </button>
    </dialog>
  );
}
