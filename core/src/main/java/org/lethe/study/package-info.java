/** Studies: files that name a subject and lists of entries, the cells that are their product, and the runs that execute them. */
@NullMarked
package org.lethe.study;

import org.jspecify.annotations.NullMarked;
