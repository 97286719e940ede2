package org.lethe.image.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.Check;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Judging;
import org.lethe.image.Work;

/**
 * The judge that knows the mean picture of each style: a picture has the style whose mean is nearest. Bayes' rule for normal styles of
 * one variance. The features are the distances to the means, root mean square over pixels.
 *
 * @param means of the training works of each style
 */
record NearestStyle(Map<String, float[]> means) implements Judging {
    static NearestStyle of(Gallery gallery) {
        Map<String, float[]> means = new LinkedHashMap<>();
        for (String style : gallery.styles()) {
            List<Work> works = gallery.of(style, Work.Part.TRAINING);
            Check.require(!works.isEmpty(), "training works of " + style, 0, "at least 1");
            float[] mean = new float[works.getFirst().picture().values().length];
            for (Work work : works) {
                float[] values = work.picture().values();
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += values[i] / works.size();
                }
            }
            means.put(style, mean);
        }
        return new NearestStyle(means);
    }

    @Override
    public List<String> predicted(List<Bitmap> pictures) {
        List<String> styles = List.copyOf(means.keySet());
        return features(pictures).stream()
                .map(distances -> {
                    int nearest = 0;
                    for (int s = 1; s < distances.length; s++) {
                        nearest = distances[s] < distances[nearest] ? s : nearest;
                    }
                    return styles.get(nearest);
                })
                .toList();
    }

    @Override
    public List<float[]> features(List<Bitmap> pictures) {
        List<float[]> all = new ArrayList<>();
        for (Bitmap picture : pictures) {
            float[] distances = new float[means.size()];
            int s = 0;
            for (float[] mean : means.values()) {
                distances[s++] = distance(picture.values(), mean);
            }
            all.add(distances);
        }
        return all;
    }

    private static float distance(float[] picture, float[] mean) {
        double sum = 0;
        for (int i = 0; i < mean.length; i++) {
            double apart = picture[i] - mean[i];
            sum += apart * apart;
        }
        return (float) Math.sqrt(sum / mean.length);
    }
}
