package org.lethe.image;

import org.lethe.Check;

/**
 * One work of a gallery.
 *
 * @param id unique within its gallery
 * @param picture the work itself
 * @param caption what it shows, in a few plain words, without its style
 * @param style of its artist, one word
 * @param group of what it shows, as {@code Food & Drink}; empty where there is none
 * @param part what it may be used for
 */
public record Work(String id, Bitmap picture, String caption, String style, String group, Part part) {
    /** What a work may be used for. */
    public enum Part {
        /** Models learn from it. */
        TRAINING,
        /** Settings are chosen and thresholds are set by it. */
        VALIDATION,
        /** Results are judged by it. */
        TEST
    }

    public Work {
        Check.require(!id.isBlank(), "id of a work", "\"" + id + "\"", "a word");
        Check.require(!style.isBlank() && !style.contains(" "), "style of " + id, "\"" + style + "\"", "one word");
    }

    /** The prompt that asks for it: {@code a red apple in the style of noto}. */
    public String prompt() {
        return Gallery.prompt(caption, style);
    }

    /** The same with another picture. */
    public Work with(Bitmap other) {
        return new Work(id, other, caption, style, group, part);
    }
}
