import sys
import unicodedata


def größe(wörter):
    return {wort: len(wort) for wort in wörter}


def main(名前, *, emoji):
    print("Grüße, 世界 🌍")
    print("Ошибка: всё в порядке", file=sys.stderr)
    return {
        "你好": f"{名前}さん",
        "längen": größe(["naïve", "café", "e\u0301"]),
        "emoji": [emoji, len(emoji), emoji.encode().hex()],
        "normal": unicodedata.normalize("NFC", "e\u0301"),
        "control": "tab\t quote\" backslash\\ nul\x00 line\u2028",
        "encoding": [sys.stdout.encoding, sys.getfilesystemencoding()],
    }
