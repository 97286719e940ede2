package org.lethe.recsys.hide;

import org.lethe.recsys.UserRows;

/** The tables of user embeddings that a method protects. */
public enum ProtectedTables {
    /** All of them. */
    ALL,
    /** The first alone, as published: of NeuMF the 32 numbers of its product, while the other 128 go on telling. */
    FIRST;

    /** How many numbers of a row may move: the first ones. */
    int columns(UserRows model) {
        return this == ALL ? model.width() : model.tables()[0];
    }
}
