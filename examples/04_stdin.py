import sys


def main():
    title = input()
    numbers = [int(line) for line in sys.stdin]
    return {"title": title, "sum": sum(numbers), "rest": sys.stdin.read()}
