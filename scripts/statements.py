#!/usr/bin/env python3
"""Finds hand-written statements that no integration test has sent to a store.

    scripts/statements.py FOLDER

The folder contains what tests/it/support/statements.rs wrote: a file for each process and store. A statement in the
source has parts that are filled in when it is sent ({now}, {rows $1 (…)}, the name of a constant); what is between them
has to come in this order in a text that was sent.
"""

import glob
import json
import os
import re
import sys

STORES = ("sqlite", "postgres")
VERB = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
FILLED_IN = re.compile(r"\{[^}]*\}|\$\w+")


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def statements(text):
    """The statements of a source file, without its unit tests."""
    program = text.split("#[cfg(test)]\nmod tests")[0]
    for literal in LITERAL.finditer(program):
        statement = re.sub(r"\\\n\s*", "", literal.group(1)).replace(r"\"", '"')
        if VERB.match(statement):
            yield statement


def parts(statement):
    text = statement.replace("{{", "{").replace("}}", "}")
    text = re.sub(r"\[\[\w+:", "", text).replace("]]", "")
    return [part for part in map(one_line, FILLED_IN.split(text)) if part]


def is_in(wanted, text):
    place = 0
    for part in wanted:
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def main(folder):
    count, missing = 0, []
    sent = {}
    for store in STORES:
        lines = [line for path in glob.glob(os.path.join(folder, f"{store}-*.jsonl")) for line in open(path)]
        sent[store] = {one_line(json.loads(line)) for line in lines}
        if not sent[store]:
            sys.exit(f"statements: nothing was sent to {store}; run the integration tests of both stores as well")
    for path in sorted(glob.glob("src/**/*.rs", recursive=True)):
        with open(path) as source:
            for statement in statements(source.read()):
                count += 1
                wanted = parts(statement)
                for store in STORES:
                    if not any(is_in(wanted, text) for text in sent[store]):
                        missing.append(f"{path}: no test sends this to {store}: {one_line(statement)[:120]}")
    if not count:
        sys.exit("statements: the source has none")
    print("\n".join(missing) or f"{count} statements are sent to both stores")
    # The line has the form of cargo's result line, so that one parser reads all results.
    print(f"test result: {'FAILED' if missing else 'ok'}. {int(not missing)} passed; {int(bool(missing))} failed;")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
