def main(first, second=0, *rest, scale=1, **options):
    return {
        "sum": (first + second + sum(rest)) * scale,
        "options": options,
    }
