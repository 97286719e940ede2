/** The subject of the page "add a subject". */
@NullMarked
package org.lethe.averages;

import org.jspecify.annotations.NullMarked;
