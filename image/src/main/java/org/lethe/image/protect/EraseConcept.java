package org.lethe.image.protect;

import java.util.List;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.image.Gallery;

/**
 * Make a model unable to paint in the style of an artist, and leave the other artists alone.
 *
 * @param style that is erased; "first" is the first that models of the gallery know
 */
@Named("erase-concept")
public record EraseConcept(String style) implements Request {
    public EraseConcept {
        Check.require(!style.isBlank(), "style", "\"" + style + "\"", "a style, or first");
    }

    /** The first style that models know. */
    public EraseConcept() {
        this("first");
    }

    /** The style that is erased. */
    public String erased(Gallery gallery) {
        String found = style.equals("first") ? gallery.known().getFirst() : style;
        Check.require(gallery.known().contains(found), "style", "\"" + found + "\"", "one of " + gallery.known());
        return found;
    }

    /** The prompt of the concept alone. */
    public String concept(Gallery gallery) {
        return Gallery.prompt("", erased(gallery));
    }

    /** The styles that must stay. */
    public List<String> kept(Gallery gallery) {
        String gone = erased(gallery);
        return gallery.known().stream().filter(s -> !s.equals(gone)).toList();
    }
}
