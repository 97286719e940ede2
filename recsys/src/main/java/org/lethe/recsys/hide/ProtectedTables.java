package org.lethe.recsys.hide;

import org.lethe.recsys.UserRows;

/** The tables of user embeddings that a method protects. */
public enum ProtectedTables {
    /** All of them. */
    ALL,
    /** The first table alone, as published; of NeuMF these are 32 of 160 dimensions, and the others keep leaking. */
    FIRST;

    /** Number of leading dimensions that may move. */
    int columns(UserRows model) {
        return this == ALL ? model.width() : model.tables()[0];
    }
}
