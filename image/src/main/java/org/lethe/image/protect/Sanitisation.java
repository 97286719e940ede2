package org.lethe.image.protect;

import java.util.List;
import java.util.Optional;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;

/** Protections that make a model unable to paint a concept. */
public interface Sanitisation extends Method<Gallery, ImageModel> {
    /**
     * A concept to be erased.
     *
     * @param concept prompt of the concept alone: {@code a painting in the style of noto}
     * @param words that name it, as they stand in prompts: {@code in the style of noto}
     * @param anchor prompt of what shall take its place: {@code a painting}
     * @param subjects captions with which it is trained
     * @param kept prompts of neighbours that must stay
     * @param pictures of the concept, with the captions of their subjects; may be empty, and then methods that need them say so
     */
    record Concept(
            String concept,
            String words,
            String anchor,
            List<String> subjects,
            List<String> kept,
            List<Bitmap> pictures,
            List<String> captions) {
        public Concept {
            subjects = List.copyOf(subjects);
            kept = List.copyOf(kept);
            pictures = List.copyOf(pictures);
            captions = List.copyOf(captions);
        }

        /** A prompt for a subject with the concept: {@code a red apple in the style of noto}. */
        public String prompt(String subject) {
            return Gallery.prompt(subject, "") + " " + words;
        }
    }

    /** The model without the concept: other weights or another guard. */
    ImageModel erase(ImageModel model, Concept concept, Env env);

    @Override
    default Optional<String> unsuited(Request request, Learner<Gallery, ImageModel> learner) {
        return request instanceof EraseConcept
                ? Optional.empty()
                : Optional.of(Named.Of.name(this) + " erases a concept, expected the request erase-concept");
    }

    @Override
    default ImageModel fulfil(
            ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env) {
        return erase(model, concept((EraseConcept) request, data), env);
    }

    /** The concept of a request. */
    static Concept concept(EraseConcept request, Gallery data) {
        String style = request.erased(data);
        List<Work> works = data.of(style, Work.Part.TRAINING);
        return new Concept(
                request.concept(data),
                "in the style of " + style,
                Gallery.prompt("", ""),
                works.stream().map(Work::caption).toList(),
                request.kept(data).stream().map(s -> Gallery.prompt("", s)).toList(),
                works.stream().map(Work::picture).toList(),
                works.stream().map(Work::caption).toList());
    }

    @Override
    default Exactness exactness() {
        return Exactness.NONE;
    }
}
