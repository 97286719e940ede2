/** Language models: samples, corpora, batches, metrics, and the catalogue of the subject. */
@NullMarked
package org.lethe.text;

import org.jspecify.annotations.NullMarked;
