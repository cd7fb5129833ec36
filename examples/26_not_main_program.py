def main():
    return {"name": __name__, "function_of": main.__module__}


if __name__ == "__main__":
    print("a script is a module here: this block does not run")
