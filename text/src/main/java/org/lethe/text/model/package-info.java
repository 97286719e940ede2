/** Decoder-only transformers, their checkpoints, their training and their generation. */
@NullMarked
package org.lethe.text.model;

import org.jspecify.annotations.NullMarked;
