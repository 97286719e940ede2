package org.lethe.recsys;

/**
 * A recommender in training: the tables, what the optimiser remembers, and how far training has come.
 *
 * @param model what recommends: for LightGCN the propagated tables
 * @param userState per-user training state, row by row: parameters where they differ from {@code model}, then moments
 * @param itemState the same for items
 * @param steps optimiser steps taken so far
 * @param epochs epochs run so far, those after the best one included
 */
public record Checkpoint(Embeddings model, float[][] userState, float[][] itemState, long steps, int epochs) {}
