package org.lethe.image.protect;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;

/**
 * Protections that make the origin of pictures known again. Their result publishes marked pictures beside unmarked ones, with the
 * {@link org.lethe.image.Mark} by which a {@link Detector} finds them.
 */
public interface Watermark extends Method<Gallery, ImageModel> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Gallery, ImageModel> learner) {
        return request instanceof MarkPictures
                ? Optional.empty()
                : Optional.of(Named.Of.name(this) + " marks pictures, expected the request mark-pictures");
    }

    /** The result publishes as many marked pictures as the request asks for, and as many without a mark. */
    @Override
    ImageModel fulfil(ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env);

    @Override
    default Exactness exactness() {
        return Exactness.NONE;
    }

    /** The captions of pictures that are generated: those of test works, again from the first where there are too few. */
    static List<String> prompts(Gallery data, int count) {
        List<String> all =
                data.known(Work.Part.TEST).stream().map(Work::prompt).sorted().toList();
        return IntStream.range(0, count).mapToObj(n -> all.get(n % all.size())).toList();
    }
}
