package org.lethe.video.steer;

import java.util.Optional;
import org.lethe.Audit;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.video.flow.Measure;

/**
 * A request to make clips with so much motion of objects and of the camera, as scores from 1 (the stillest clips that the model learned from) to 10 (the
 * liveliest).
 *
 * @param object score of the motion of objects, from 1 to 10
 * @param camera score of the motion of the camera, from 1 to 10
 */
@Named("steer")
public record Steer(double object, double camera) implements Request {
    public Steer {
        Check.require(object >= 1 && object <= 10, "object", object, "1 to 10");
        Check.require(camera >= 1 && camera <= 10, "camera", camera, "1 to 10");
    }

    /** Lively objects before a calm camera. */
    public Steer() {
        this(7, 2);
    }

    Measure.Score asked() {
        return new Measure.Score(object, camera);
    }

    /** Why an audit has nothing to look at; empty for a request to steer. */
    static Optional<String> unless(Audit<?, ?> audit, Request request) {
        return request instanceof Steer
                ? Optional.empty()
                : Optional.of(Named.Of.name(audit) + " looks at requests to steer, not " + Named.Of.name(request));
    }
}
