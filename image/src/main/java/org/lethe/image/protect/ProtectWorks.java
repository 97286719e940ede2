package org.lethe.image.protect;

import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.image.Gallery;
import org.lethe.image.Work;

/**
 * Change the works of an artist, hardly to be seen, so that a model that learns from them cannot imitate them.
 *
 * @param style of the artist; "apart" is the one whom no model of the gallery knows
 * @param works how many of the works are published, drawn from the training part
 */
@Named("protect-works")
public record ProtectWorks(String style, int works) implements Request {
    public ProtectWorks {
        Check.require(!style.isBlank(), "style", "\"" + style + "\"", "a style, or apart");
        Check.require(works >= 1, "works", works, "at least 1");
    }

    /** 16 works of the artist apart. */
    public ProtectWorks() {
        this("apart", 16);
    }

    /** The artist. */
    public String artist(Gallery gallery) {
        String artist = style.equals("apart") ? gallery.apart() : style;
        Check.require(gallery.styles().contains(artist), "style", "\"" + artist + "\"", "one of " + gallery.styles());
        return artist;
    }

    /** The works that are published. */
    public List<Work> chosen(Gallery gallery, Env env) {
        return Gallery.some(gallery.of(artist(gallery), Work.Part.TRAINING), works, env.random("published works"));
    }
}
