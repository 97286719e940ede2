package org.lethe.recsys;

/**
 * The state of a training: the tables, the optimiser's state, and the number of steps and epochs so far.
 *
 * @param model tables that recommend; for LightGCN the propagated ones
 * @param userState per-user training state, row by row: parameters if they differ from {@code model}, then moments
 * @param itemState the same for items
 * @param steps optimiser steps taken so far
 * @param epochs epochs run so far, those after the best one included
 */
public record Checkpoint(Embeddings model, float[][] userState, float[][] itemState, long steps, int epochs) {}
