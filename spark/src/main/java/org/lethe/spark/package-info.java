/** Workers on an Apache Spark cluster. */
@NullMarked
package org.lethe.spark;

import org.jspecify.annotations.NullMarked;
