import { describe, expect, test } from "@jest/globals";
import { DrillMismatch, ScriptError, UnsupportedScript } from "../../src/drill/script-error.ts";
import { parseSnippet, SnippetScope, type SnippetValue } from "../../src/drill/snippet.ts";

const NAMES = new Map<string, SnippetValue>([["tcpi_x", 7]]);

function run(text: string, scope = new SnippetScope()): SnippetScope {
  scope.run(parseSnippet(text, 1), (name) => NAMES.get(name));
  return scope;
}

/** What `print` says of an expression. */
const value = (text: string): string => run(`print(${text})`).printed[0]!;

describe("expressions", () => {
  test.each([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["7 // 2", "3"],
    ["-7 // 2", "-4"],
    ["-7 % 3", "2"],
    ["0xff & 0x0f | 0x10", "31"],
    ["1 << 40", "1099511627776"],
    ["6 ^ 3", "5"],
    ["1 < 2 < 3", "True"],
    ["1 < 3 < 2", "False"],
    ["10 >= 10 != 11", "True"],
    ["2 + 2 == 4 and not 1 > 2", "True"],
    ["0 or 5", "5"],
    ["'a' + \"b\"", "ab"],
    ["'a' == 'a'", "True"],
    ["'%d of %d' % (1, tcpi_x)", "1 of 7"],
    ["'%s%%' % 50", "50%"],
    ["'x=%x' % 255", "x=ff"],
    ["(1, 2)", "1 2"],
    ["True", "True"],
    ["tcpi_x & 4 != 0", "0"],
  ])("%s is %s", (text, shown) => {
    // As in Python, & binds more strongly than a comparison does.
    if (text === "tcpi_x & 4 != 0") expect(value(text)).toBe("True");
    else expect(value(text)).toBe(shown);
  });
});

describe("statements", () => {
  test("variables last from one snippet to the next", () => {
    const scope = run("cwnd = 10");
    run("cwnd += 2; cwnd -= 1\nprint(cwnd)", scope);
    expect(scope.printed).toEqual(["11"]);
  });

  test("comments, semicolons and continued lines", () => {
    const scope = run("x = 1 # one; x = 5\nassert x == 1, 'a # b'; \\\n print(x); \\\n");
    expect(scope.printed).toEqual(["1"]);
  });

  test("an assertion that holds is silent, one that does not says what it compared, or its message", () => {
    run("assert tcpi_x == 7, tcpi_x");
    const failure = (text: string): DrillMismatch => {
      try {
        run(text);
      } catch (error) {
        if (error instanceof DrillMismatch) return error;
        throw error;
      }
      throw new Error("nothing failed");
    };
    expect(failure("assert tcpi_x == 8")).toMatchObject({ message: "assertion failed", expected: "assert tcpi_x == 8", came: "7, 8" });
    expect(failure("assert 1 == 2, 'x is %d' % tcpi_x")).toMatchObject({ came: "x is 7" });
  });

  test("unknown names, and sums of what is no number, are the script's fault", () => {
    expect(() => run("assert y == 1")).toThrow(new ScriptError(1, 'name "y" is not defined'));
    expect(() => run("x = 1 + 'a'")).toThrow(ScriptError);
    expect(() => run("x = 1 // 0")).toThrow("division by zero");
  });

  test.each(["import os", "if x: pass", "f(1)", "x.y = 1", "x = [1]", "x = lambda: 1", "for i in x: pass", "x = len(y)", "x", "del x"])(
    "%s is refused",
    (text) => {
      expect(() => parseSnippet(text, 3)).toThrow(UnsupportedScript);
    },
  );
});
