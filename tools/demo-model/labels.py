"""The demo's default label set: 64 plain words, each with the glyphs or the drawn thing that shows it."""

TEMPLATES = ["a photo of a {}.", "a picture of a {}.", "an image of a {}.", "{}"]

ANIMALS = ["cat", "dog", "horse", "cow", "pig", "elephant", "monkey", "rabbit", "fox", "lion", "penguin", "owl", "frog", "turtle",
           "snake", "octopus", "butterfly", "snail", "spider", "shark"]
FOOD = ["red apple", "banana", "strawberry", "watermelon", "pineapple", "lemon", "carrot", "broccoli", "hamburger", "pizza", "french fries",
        "hot dog", "taco", "sushi", "doughnut", "ice cream", "birthday cake", "bread"]
VEHICLES = ["car", "bus", "truck", "bicycle", "motorcycle", "tractor", "fire engine", "ambulance", "train", "airplane", "helicopter",
            "sailboat", "rocket", "ship"]
OTHERS = ["tree", "sunflower", "house", "guitar", "umbrella", "alarm clock", "soccer ball", "book", "key", "rainbow", "blue square", "red triangle"]
LABELS = ANIMALS + FOOD + VEHICLES + OTHERS


def showing(world):
    """label -> numbers of the glyphs that it names; none for a drawn shape."""
    by_name = {}
    for number, glyph in enumerate(world.glyphs):
        for name in glyph.names:
            by_name.setdefault(name, []).append(number)
    return {label: by_name.get(label, []) for label in LABELS}


if __name__ == "__main__":
    from captions import World
    world = World()
    shown = showing(world)
    print(len(LABELS), {k: [world.glyphs[n].char + world.glyphs[n].name for n in v] for k, v in shown.items()})
    for label, v in shown.items():
        if not v:
            print(label, [g.char + g.name for g in world.glyphs if any(label in p.split() or label == p for p in g.names + list(g.keywords))])
