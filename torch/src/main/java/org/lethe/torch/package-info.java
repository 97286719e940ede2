/** libtorch as this project uses it: devices, threads, generators, tensors from and to arrays and files. */
@NullMarked
package org.lethe.torch;

import org.jspecify.annotations.NullMarked;
