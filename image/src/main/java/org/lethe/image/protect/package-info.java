/** Methods that protect works, erase concepts and mark pictures. */
@NullMarked
package org.lethe.image.protect;

import org.jspecify.annotations.NullMarked;
