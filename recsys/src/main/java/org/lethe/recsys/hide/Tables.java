package org.lethe.recsys.hide;

/** Which of a model's tables of users a method protects. */
public enum Tables {
    /** All of them. */
    ALL,
    /** The first alone, as published: of NeuMF the 32 numbers of its product, while the other 128 go on telling. */
    FIRST
}
