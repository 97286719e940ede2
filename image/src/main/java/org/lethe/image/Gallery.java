package org.lethe.image;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.lethe.Check;
import org.lethe.numerics.Keyed;

/**
 * Works of several artists, all of the same size.
 *
 * <p>One artist may be apart: models never learn from those works, so that the artist can still be protected.
 */
public final class Gallery {
    private final String name;
    private final List<Work> works;
    private final String apart;
    private final Derived derived = new Derived();

    /**
     * A gallery.
     *
     * @param name of the gallery
     * @param works in the order of their files
     * @param apart style of the artist whom no model knows; empty where models know all
     */
    public Gallery(String name, List<Work> works, String apart) {
        this.name = name;
        this.works = List.copyOf(works);
        this.apart = apart;
        Check.require(!works.isEmpty(), "works of " + name, 0, "at least one");
        Bitmap first = works.getFirst().picture();
        Set<String> ids = new HashSet<>();
        for (Work work : works) {
            Check.require(ids.add(work.id()), "id of a work of " + name, work.id(), "one that no other work has");
            Bitmap picture = work.picture();
            Check.require(
                    picture.width() == first.width() && picture.height() == first.height(),
                    "size of " + work.id(),
                    picture.width() + " x " + picture.height(),
                    first.width() + " x " + first.height() + ", as the first work has");
        }
        Check.require(
                apart.isEmpty() || works.stream().anyMatch(w -> w.style().equals(apart)),
                "apart",
                "\"" + apart + "\"",
                "a style of " + name);
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** The works, in the order of their files. */
    public List<Work> works() {
        return works;
    }

    /** The style of the artist whom no model knows; empty where models know all. */
    public String apart() {
        return apart;
    }

    /** A result about this gallery that several need, kept as long as the gallery; the key says all that it depends on beside the gallery. */
    public <T> T derived(Object key, Supplier<T> maker) {
        return derived.of(key, maker);
    }

    /** The prompt for a caption in a style; a caption or a style may be empty. */
    public static String prompt(String caption, String style) {
        String what = caption.isBlank() ? "a painting" : "a " + caption;
        return style.isBlank() ? what : what + " in the style of " + style;
    }

    /** Height of every work in pixels. */
    public int height() {
        return works.getFirst().picture().height();
    }

    /** Width of every work in pixels. */
    public int width() {
        return works.getFirst().picture().width();
    }

    /** The styles, in alphabetical order. */
    public List<String> styles() {
        return works.stream().map(Work::style).distinct().sorted().toList();
    }

    /** The styles that models learn. */
    public List<String> known() {
        return styles().stream().filter(s -> !s.equals(apart)).toList();
    }

    /** The works of a part that models know the style of. */
    public List<Work> known(Work.Part part) {
        return filtered(w -> w.part() == part && !w.style().equals(apart));
    }

    /** The works of a style and a part. */
    public List<Work> of(String style, Work.Part part) {
        return filtered(w -> w.part() == part && w.style().equals(style));
    }

    /** The works for which something holds. */
    public List<Work> filtered(Predicate<Work> which) {
        return works.stream().filter(which).toList();
    }

    /** Some of these works, drawn by a key; all where there are not more. */
    public static List<Work> some(List<Work> works, int count, Keyed key) {
        List<Integer> order = new ArrayList<>();
        for (int n = 0; n < works.size(); n++) {
            order.add(n);
        }
        order.sort(Comparator.comparingLong((Integer n) -> key.at(n)).thenComparing(n -> n));
        return order.stream().limit(count).map(works::get).toList();
    }
}
