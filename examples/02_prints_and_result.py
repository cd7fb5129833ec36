import sys

print("printed while the module is imported")


def main():
    print("printed by main", 1, 2, sep=", ")
    print("a warning", file=sys.stderr)
    sys.stdout.write("no newline at the end")
    return [1, 2.5, "three", None, True]
