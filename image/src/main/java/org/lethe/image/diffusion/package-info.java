/** Latent diffusion: text encoders, autoencoders, denoisers, schedulers, and the pipeline that joins them. */
@NullMarked
package org.lethe.image.diffusion;

import org.jspecify.annotations.NullMarked;
