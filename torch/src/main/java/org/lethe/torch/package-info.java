/**
 * libtorch as this project uses it: devices, tensors from and to arrays and files, weights by name, initial values, optimisers,
 * schedules, averages, checkpoints, LoRA, and one training loop. Its own types and functions are used, not wrapped.
 */
@NullMarked
package org.lethe.torch;

import org.jspecify.annotations.NullMarked;
