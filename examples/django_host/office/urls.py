"""The URLs of the pages."""

from django.contrib.auth import views as auth
from django.urls import path

from office import views

urlpatterns = [
    path("", views.to_do, name="to_do"),
    path("posts/new", views.draft, name="draft"),
    path("posts/<slug:post_id>", views.post, name="post"),
    path("posts/<slug:post_id>/media/<str:digest>", views.image, name="image"),
    path("posts/<slug:post_id>/preview", views.preview, name="preview"),
    path("posts/<slug:post_id>/boost", views.boost, name="boost"),
    path("posts/<slug:post_id>/<slug:name>", views.command, name="command"),
    path("calendar/<int:year>/<int:month>", views.calendar, name="calendar"),
    path("permissions", views.permissions, name="permissions"),
    path("sign-in", auth.LoginView.as_view(), name="login"),
    path("sign-out", auth.LogoutView.as_view(), name="logout"),
]
