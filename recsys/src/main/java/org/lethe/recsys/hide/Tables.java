package org.lethe.recsys.hide;

import org.lethe.recsys.UserRows;

/** Which of a model's tables of users a method protects. */
public enum Tables {
    /** All of them. */
    ALL,
    /** The first alone, as published: of NeuMF the 32 numbers of its product, while the other 128 go on telling. */
    FIRST;

    /** How many numbers of a row may move: the first ones. */
    int columns(UserRows model) {
        return this == ALL ? model.width() : model.tables()[0];
    }
}
