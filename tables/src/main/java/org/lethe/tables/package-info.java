/** Rows and columns from files: CSV, TSV, Parquet, npy and safetensors, and everything that refuses a bad file. */
@NullMarked
package org.lethe.tables;

import org.jspecify.annotations.NullMarked;
